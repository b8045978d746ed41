/* Defaults of the address sanitizer for the programs that link MLIR. LLVM's headers poison the unused memory of arenas
 * in our code; its shared libraries, built without the sanitizer, write to the same arenas and never unpoison them. */
// NOLINTBEGIN(bugprone-reserved-identifier,misc-use-internal-linkage): the name the sanitizer's runtime looks for
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allow_user_poisoning=0"; }
// NOLINTEND(bugprone-reserved-identifier,misc-use-internal-linkage)
