// SPDX-License-Identifier: LGPL-2.1-or-later
#include "probe/disk/stale.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "base/shed.h"
#include "base/text.h"
#include "probe/disk/apart.h"
#include "probe/disk/certificate_file.h"
#include "probe/disk/disk_file.h"
#include "probe/disk/key_pair.h"

#define FILES_MAX     32 /* one more takes the place of the one that was not asked for longest */
#define FILE_SIZE_MAX (256 * 1024)
#define PATH_SIZE     SERVICE_FILES_SIZE
#define GRACE_SECONDS 120
#define NAMED_SIZE    96 /* of a path, in a detail */

struct entry {
	dev_t root_dev; /* of the directory below which it is; 0: here */
	ino_t root_ino;
	char path[PATH_SIZE]; /* empty: free */
	char key[PATH_SIZE];  /* empty: in the same file, if anywhere */
	struct stat seen, key_seen;
	int error;	    /* 0, or why there is no certificate: -errno */
	enum key_pair pair; /* certificate and key */
	char pair_detail[ANSWER_DETAIL_SIZE];
	struct certificate_file file;
	uint64_t used;
};

struct stale {
	struct entry entries[FILES_MAX];
	uint64_t clock;
	uint64_t n_read; /* files, ever */
};

int stale_new(struct stale **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

void stale_free(struct stale *stale)
{
	free(stale);
}

static bool is_as_seen(int root, const char *path, struct stat *seen)
{
	struct stat st = { 0 };
	bool same;

	if (*path && disk_stat(root, path, &st) < 0)
		st = (struct stat){ 0 };
	same = st.st_dev == seen->st_dev && st.st_ino == seen->st_ino &&
	       st.st_size == seen->st_size && st.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	       st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec &&
	       st.st_ctim.tv_sec == seen->st_ctim.tv_sec &&
	       st.st_ctim.tv_nsec == seen->st_ctim.tv_nsec;
	*seen = st;
	return same && st.st_ino != 0;
}

struct text { /* of a file */
	char *bytes;
	size_t size;
};

struct parsed { /* in the child */
	int32_t error;
	struct certificate_file file;
};

static void parse_apart(const void *userdata, void *ret)
{
	const struct text *text = userdata;
	struct parsed *parsed = ret;

	parsed->error = certificate_file_parse(text->bytes, text->size, &parsed->file);
}

/* Of a container's file only what a child makes of it is looked at. */
static int parse(int root, const struct text *text, struct certificate_file *ret)
{
	struct parsed parsed = { 0 };
	int r;

	if (root == DISK_HERE)
		return certificate_file_parse(text->bytes, text->size, ret);
	r = apart_run(parse_apart, text, &parsed, sizeof(parsed));
	if (r < 0)
		return r == -EBADMSG ? -EIO : r; /* it is not the file that was bad */
	if (parsed.error < 0)
		return parsed.error;
	*ret = parsed.file;
	return certificate_file_clean(ret) ? 0 : -EIO;
}

static void read_entry(int root, struct entry *entry, int64_t now)
{
	struct text text = { 0 };

	entry->error = disk_read(root, entry->path, FILE_SIZE_MAX, &text.bytes, &text.size);
	if (entry->error == 0)
		entry->error = parse(root, &text, &entry->file);
	if (text.bytes)
		OPENSSL_cleanse(text.bytes, text.size); /* there may be a key in it */
	free(text.bytes);
	entry->pair = KEY_PAIR_UNKNOWN;
	if (entry->error == 0)
		entry->pair = key_pair_check(root, entry->path, entry->key, now, entry->pair_detail,
					     sizeof(entry->pair_detail));
	if (entry->error == -ETIMEDOUT || is_own_want(entry->error))
		entry->seen = (struct stat){ 0 }; /* the next probe tries again */
}

static bool is_of(const struct entry *entry, const struct stat *root, const char *path,
		  const char *key)
{
	return entry->root_dev == root->st_dev && entry->root_ino == root->st_ino &&
	       strcmp(entry->path, path) == 0 && strcmp(entry->key, key) == 0;
}

static struct entry *look(struct stale *stale, int root, const char *path, const char *key,
			  int64_t now)
{
	struct entry *entry = NULL;
	struct stat below = { 0 };
	bool same, key_same;

	if (root != DISK_HERE)
		(void)fstat(root, &below);
	for (size_t i = 0; i < FILES_MAX; i++) {
		struct entry *candidate = &stale->entries[i];

		if (is_of(candidate, &below, path, key)) {
			entry = candidate;
			break;
		}
		if (!entry || candidate->used < entry->used)
			entry = candidate;
	}
	if (!is_of(entry, &below, path, key)) {
		memset(entry, 0, sizeof(*entry));
		entry->root_dev = below.st_dev;
		entry->root_ino = below.st_ino;
		(void)text_copy(entry->path, sizeof(entry->path), path);
		(void)text_copy(entry->key, sizeof(entry->key), key);
	}
	entry->used = ++stale->clock;
	same = is_as_seen(root, entry->path, &entry->seen);
	key_same = !*entry->key || is_as_seen(root, entry->key, &entry->key_seen);
	if (!same || !key_same) {
		read_entry(root, entry, now);
		stale->n_read++;
	}
	return entry;
}

static enum disk judge_entry(const struct entry *entry, const struct answer *answer, int64_t now,
			     char reason[static ANSWER_DETAIL_SIZE])
{
	enum disk disk;

	switch (-entry->error) {
	case 0:
		break;
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
		(void)text_format(reason, ANSWER_DETAIL_SIZE,
				  "cannot be read (%s): the next reload or restart would fail",
				  strerror(-entry->error));
		return DISK_UNUSABLE;
	case ENODATA:
	case EBADMSG:
		(void)text_copy(reason, ANSWER_DETAIL_SIZE,
				"has no certificate that can be read: the next reload or restart "
				"would fail");
		return DISK_UNUSABLE;
	default:
		return DISK_UNKNOWN; /* not ours to read, or not now */
	}
	disk = certificate_file_compare(&entry->file, answer, now, reason);
	/* Where no key is named, none in the certificate's file is no news. */
	if (disk != DISK_UNKNOWN &&
	    (entry->pair == KEY_PAIR_MISMATCH || (entry->pair == KEY_PAIR_NO_KEY && *entry->key))) {
		(void)text_format(reason, ANSWER_DETAIL_SIZE,
				  "could not be loaded: %s; after the next reload or restart there "
				  "would be no TLS",
				  entry->pair_detail);
		return DISK_UNUSABLE;
	}
	return disk;
}

/* "RSA" of "RSA 2048" */
static bool is_same_kind(const char *a, const char *b)
{
	size_t n = strcspn(a, " ");

	return n > 0 && n == strcspn(b, " ") && memcmp(a, b, n) == 0;
}

struct against { /* the file that is held against what is served */
	enum disk disk;
	bool is_kin; /* of the same kind of key */
	int64_t changed;
	char detail[ANSWER_DETAIL_SIZE];
};

/* One file more. Of what differs, one of the same kind of key, else the first that tells us
 * something. */
static void weigh(const struct entry *entry, const struct answer *answer, int64_t now,
		  struct against *worst)
{
	char reason[ANSWER_DETAIL_SIZE];
	enum disk disk = judge_entry(entry, answer, now, reason);
	bool is_kin = entry->error == 0 && is_same_kind(entry->file.first.key, answer->key);

	if (disk == DISK_SAME)
		worst->disk = disk;
	if (disk == DISK_SAME || disk == DISK_UNKNOWN)
		return;
	if (worst->disk != DISK_UNKNOWN && (!is_kin || worst->is_kin))
		return;
	worst->disk = disk;
	worst->is_kin = is_kin;
	worst->changed = entry->seen.st_mtim.tv_sec;
	(void)text_format(worst->detail, sizeof(worst->detail), "%.*s %s", NAMED_SIZE, entry->path,
			  reason);
}

/* Of several files (RSA, EC) one is served to us: where it is, no other can be held against it. */
static void weigh_all(struct stale *stale, const struct service *service, int64_t now,
		      const struct answer *answer, struct against *worst)
{
	const char *paths = service->server.certificate, *keys = service->server.key;
	char path[PATH_SIZE], key[PATH_SIZE];
	uint64_t read_before = stale->n_read;
	cleanup(fd_closep) int root = DISK_HERE;

	if (disk_root(service, &root) < 0)
		return;
	while (worst->disk != DISK_SAME && text_line(&paths, path, sizeof(path))) {
		(void)text_line(&keys, key, sizeof(key));
		weigh(look(stale, root, path, key, now), answer, now, worst);
	}
	if (stale->n_read != read_before)
		shed(false); /* three megabytes of OpenSSL, until a file changes */
}

void stale_check(struct stale *stale, const struct service *service, int64_t now,
		 const struct answer *answer, const char *name, struct disk_word *word)
{
	struct against worst = { .disk = DISK_UNKNOWN };
	struct answer found = { .complete = true };

	if (!answer->complete || !answer->not_after)
		return;
	weigh_all(stale, service, now, answer, &worst);
	if (word->disk <= DISK_SAME && worst.disk != DISK_UNKNOWN)
		word->disk = worst.disk;
	if (worst.disk == DISK_SAME || worst.disk == DISK_UNKNOWN)
		return;
	if (worst.changed <= now && now - worst.changed < GRACE_SECONDS)
		return;
	answer_add(&found, FINDING_CERTIFICATE_STALE, worst.detail);
	if (name)
		answer_merge_named(&word->found, &found, name);
	else
		answer_merge(&word->found, &found);
}
