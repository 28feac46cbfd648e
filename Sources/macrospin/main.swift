print("macrospin")
