// The Providers module.
