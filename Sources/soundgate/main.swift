print("soundgate")
