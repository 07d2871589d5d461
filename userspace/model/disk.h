/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the certificate files of a service say against the certificate that it serves. */
#ifndef DISK_H
#define DISK_H

#include "model/answer.h"

enum disk {		   /* the certificate's file, as a reload would find it */
	    DISK_UNKNOWN,  /* no file is known, it is not ours to read, or it is for other names */
	    DISK_SAME,	   /* as served */
	    DISK_NEWER,	   /* a reload would help */
	    DISK_OLDER,	   /* a reload would go back */
	    DISK_UNUSABLE, /* gone, without a certificate, or its certificate is outside its dates
			    */
};

const char *disk_name(enum disk disk); /* "unknown", "same" ... */

struct disk_word { /* zeroed: nothing is known */
	enum disk disk;
	struct answer found; /* findings alone: to be added to what the server answered */
};

#endif
