// The Emulators module.
