/*===- text.c - Messages without libc's printf --------------------------------===*/
#include "runtime/internal.h"

#include <stdarg.h>

/* A text of limited length; what does not fit is left out. */
typedef struct text {
  char *data;
  int64_t room; /* without the final zero */
  int64_t used;
} text;

static void append_string(text *to, const char *string) {
  for (; *string && to->used < to->room; ++string)
    to->data[to->used++] = *string;
}

static void append_number(text *to, int64_t number) {
  char digits[24];
  int count = sizeof digits;
  /* Negating the smallest number overflows, so the magnitude is unsigned. */
  uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
  digits[--count] = 0;
  do {
    digits[--count] = (char)('0' + magnitude % 10);
    magnitude /= 10;
  } while (magnitude);
  if (number < 0)
    digits[--count] = '-';
  append_string(to, digits + count);
}

static void append_format(text *to, const char *format, va_list arguments) {
  char literal[2] = {0, 0};
  for (; *format; ++format) {
    if (format[0] == '%' && format[1] == 's') {
      append_string(to, va_arg(arguments, const char *));
      ++format;
    } else if (format[0] == '%' && format[1] == 'd') {
      append_number(to, va_arg(arguments, int64_t));
      ++format;
    } else {
      literal[0] = *format;
      append_string(to, literal);
    }
  }
}

int seqc_fail(const seqc_context *context, int status, const char *format, ...) {
  const seqc_call *call = context->call;
  if (!call || !call->error || call->error_size <= 0)
    return status;
  text message = {call->error, call->error_size - 1, 0};
  append_string(&message, context->model->name);
  append_string(&message, "_");
  append_string(&message, context->entry);
  append_string(&message, ": ");
  va_list arguments;
  va_start(arguments, format);
  append_format(&message, format, arguments);
  va_end(arguments);
  message.data[message.used] = 0;
  return status;
}
