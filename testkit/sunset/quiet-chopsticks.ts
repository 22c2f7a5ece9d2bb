// Chopsticks logs each block on stdout, and reads how much once, when it is loaded: so this is imported before it.
process.env.LOG_LEVEL ??= "error";
