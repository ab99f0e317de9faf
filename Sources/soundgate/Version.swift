/// What this build is called.
let version = "0.1.0"
