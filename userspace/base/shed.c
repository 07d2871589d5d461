// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/shed.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

static int shed_object(struct dl_phdr_info *info, size_t size, void *userdata)
{
	const bool *own_code = userdata;
	const uintptr_t mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);

	if (!*info->dlpi_name && !*own_code) /* the program itself has no name here */
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;

		/* Nobody has written there, so what comes back is what was there. */
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			(void)madvise((void *)(start & mask),
				      start + segment->p_memsz - (start & mask), MADV_DONTNEED);
	}
	return 0;
}

void shed(bool own_code)
{
	malloc_trim(0);
	(void)dl_iterate_phdr(shed_object, &own_code);
}
