// Nothing is called by name: the library is put before libc's functions with LD_PRELOAD.
