// SPDX-License-Identifier: LGPL-2.1-or-later
#include "judge/recording/fields_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/recording/veil.h"

#define TEXT_MAX  4096 /* of any field; asserted where one is read or written */
#define WORDS_MAX 256  /* of any enum */

/* -- numbers of all sizes */

static uint64_t get_number(const void *from, size_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)from;
	case 2:
		return *(const uint16_t *)from;
	case 4:
		return *(const uint32_t *)from;
	default:
		return *(const uint64_t *)from;
	}
}

static void put_number(void *to, size_t size, uint64_t value)
{
	switch (size) {
	case 1:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case 2:
		*(uint16_t *)to = (uint16_t)value;
		break;
	case 4:
		*(uint32_t *)to = (uint32_t)value;
		break;
	default:
		*(uint64_t *)to = value;
	}
}

static int64_t get_signed(const void *from, size_t size)
{
	return size == 4 ? *(const int32_t *)from : *(const int64_t *)from;
}

static const char *at(const struct field *field, const void *base)
{
	return (const char *)base + field->offset;
}

/* -- writing */

static json_t *write_bytes(const char *from, size_t size)
{
	char hex[2 * TEXT_MAX + 1] = "";

	for (size_t i = 0; i < size && i < TEXT_MAX; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned char)from[i]);
	return json_string(hex);
}

static json_t *write_text(const struct field *field, const char *from,
			  const struct service_set *services)
{
	char text[TEXT_MAX];
	size_t room = field->size < sizeof(text) ? field->size : sizeof(text);
	json_t *string;

	veil_text(services, from, text, room);
	string = json_string(text);
	return string ? string : json_pack("{s:o}", "hex", write_bytes(text, strlen(text)));
}

static json_t *write_elements(const struct field *field, const void *from, size_t n,
			      const struct service_set *services)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n && i < field->n; i++) {
		const char *element = (const char *)from + i * field->size;

		json_array_append_new(list, field->of ? fields_write(field->of, element, services)
						      : json_integer((json_int_t)get_number(
								element, field->size)));
	}
	return list;
}

static bool is_zero(const char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (from[i])
			return false;
	return true;
}

static json_t *write_struct(const struct field *field, const char *from,
			    const struct service_set *services)
{
	json_t *object = fields_write(field->of, from, services);

	if (!object || json_object_size(object))
		return object;
	json_decref(object);
	return json_null();
}

/* json_null(): there is nothing to tell. */
static json_t *write_field(const struct field *field, const void *base,
			   const struct service_set *services)
{
	const char *from = at(field, base);
	uint64_t n;

	switch (field->kind) {
	case FIELD_BOOL:
		return *(const bool *)from ? json_true() : json_null();
	case FIELD_UNSIGNED:
		n = get_number(from, field->size);
		return n ? json_integer((json_int_t)n) : json_null();
	case FIELD_SIGNED:
		return is_zero(from, field->size) ? json_null()
						  : json_integer(get_signed(from, field->size));
	case FIELD_WORD:
		n = get_number(from, field->size);
		return n ? json_string(field->word((unsigned int)n)) : json_null();
	case FIELD_TEXT:
		return *from ? write_text(field, from, services) : json_null();
	case FIELD_BYTES:
		return is_zero(from, field->size) ? json_null() : write_bytes(from, field->size);
	case FIELD_NUMBERS:
		return is_zero(from, field->size * field->n)
			       ? json_null()
			       : write_elements(field, from, field->n, services);
	case FIELD_STRUCT:
		return write_struct(field, from, services);
	case FIELD_LIST:
		n = get_number((const char *)base + field->count_offset, field->count_size);
		return n ? write_elements(field, from, n, services) : json_null();
	case FIELD_COUNT:
	case FIELD_LEFT:
		return json_null();
	}
	return json_null();
}

json_t *fields_write(const struct fields *fields, const void *from,
		     const struct service_set *services)
{
	json_t *object = json_object();

	for (size_t i = 0; i < fields->n && object; i++) {
		json_t *value = write_field(&fields->list[i], from, services);

		if (json_is_null(value))
			continue;
		if (json_object_set_new(object, fields->list[i].name, value) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* -- reading */

static int wrong(struct fields_reading *reading, const char *name, const char *what)
{
	(void)text_format(reading->why, sizeof(reading->why), "\"%.60s\" is %s", name, what);
	return -EBADMSG;
}

static int read_bytes(const char *hex, char *to, size_t n)
{
	if (!hex || strlen(hex) != 2 * n)
		return -EBADMSG;
	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		if (strspn(hex + 2 * i, "0123456789abcdef") < 2 ||
		    sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -EBADMSG;
		to[i] = (char)byte;
	}
	return 0;
}

static int read_text(json_t *value, char *to, size_t size)
{
	const char *hex = json_string_value(json_object_get(value, "hex"));

	if (hex)
		return strlen(hex) / 2 < size ? read_bytes(hex, to, strlen(hex) / 2) : -EBADMSG;
	if (!json_is_string(value) || json_string_length(value) >= size)
		return -EBADMSG;
	memcpy(to, json_string_value(value), json_string_length(value));
	return 0;
}

static int read_number(json_t *value, void *to, size_t size)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || (size < 8 && (number < 0 || (uint64_t)number >> (8 * size))))
		return -EBADMSG;
	put_number(to, size, (uint64_t)number);
	return 0;
}

static int read_signed(json_t *value, void *to, size_t size)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || (size < 8 && (number < INT32_MIN || number > INT32_MAX)))
		return -EBADMSG;
	put_number(to, size, (uint64_t)number);
	return 0;
}

static int read_word(const struct field *field, json_t *value, void *to)
{
	const char *word = json_string_value(value), *name;

	for (unsigned int i = 0; word && i < WORDS_MAX && (name = field->word(i)); i++) {
		if (strcmp(name, word) == 0) {
			put_number(to, field->size, i);
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_elements(const struct field *field, json_t *value, char *to,
			 struct fields_reading *reading)
{
	size_t n = json_array_size(value);

	if (!json_is_array(value) || n > field->n)
		return wrong(reading, field->name, "no list, or too long");
	for (size_t i = 0; i < n; i++) {
		json_t *element = json_array_get(value, i);
		int r = field->of ? fields_read(field->of, element, to + i * field->size, reading)
				  : read_number(element, to + i * field->size, field->size);

		if (r < 0)
			return *reading->why ? r
					     : wrong(reading, field->name, "no list of numbers");
	}
	return 0;
}

static int read_list(const struct field *field, json_t *value, char *base,
		     struct fields_reading *reading)
{
	int r = read_elements(field, value, base + field->offset, reading);

	if (r >= 0)
		put_number(base + field->count_offset, field->count_size, json_array_size(value));
	return r;
}

static int read_field(const struct field *field, json_t *value, char *base,
		      struct fields_reading *reading)
{
	char *to = base + field->offset;
	int r = 0;

	switch (field->kind) {
	case FIELD_BOOL:
		*(bool *)to = json_is_true(value);
		return json_is_boolean(value) ? 0
					      : wrong(reading, field->name, "not true or false");
	case FIELD_UNSIGNED:
		r = read_number(value, to, field->size);
		return r < 0 ? wrong(reading, field->name, "no number, or out of its range") : 0;
	case FIELD_SIGNED:
		r = read_signed(value, to, field->size);
		return r < 0 ? wrong(reading, field->name, "no number, or out of its range") : 0;
	case FIELD_WORD:
		r = read_word(field, value, to);
		return r < 0 ? wrong(reading, field->name, "no word that is known here") : 0;
	case FIELD_TEXT:
		r = read_text(value, to, field->size);
		return r < 0 ? wrong(reading, field->name, "no text, or too long") : 0;
	case FIELD_BYTES:
		r = read_bytes(json_string_value(value), to, field->size);
		return r < 0 ? wrong(reading, field->name, "not written in hexadecimal digits") : 0;
	case FIELD_NUMBERS:
		return read_elements(field, value, to, reading);
	case FIELD_STRUCT:
		return fields_read(field->of, value, to, reading);
	case FIELD_LIST:
		return read_list(field, value, base, reading);
	case FIELD_COUNT:
	case FIELD_LEFT:
		return 0;
	}
	return 0;
}

static const struct field *find(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->n; i++)
		if (strcmp(fields->list[i].name, name) == 0)
			return &fields->list[i];
	return NULL;
}

int fields_read(const struct fields *fields, json_t *from, void *to, struct fields_reading *reading)
{
	const char *name;
	json_t *value;

	memset(to, 0, fields->size);
	if (!json_is_object(from))
		return wrong(reading, "it", "no object");
	json_object_foreach(from, name, value)
	{
		const struct field *field = find(fields, name);
		int r;

		if (!field && !*reading->unknown)
			(void)text_copy(reading->unknown, sizeof(reading->unknown), name);
		if (!field)
			continue;
		r = read_field(field, value, to, reading);
		if (r < 0)
			return r;
	}
	return 0;
}
