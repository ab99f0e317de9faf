// The Sound module.
