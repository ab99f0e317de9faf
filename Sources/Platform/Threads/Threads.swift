// The Threads module.
