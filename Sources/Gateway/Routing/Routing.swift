// The Routing module.
