# What several pages say.

# The name of a client that is a program on the same device, in the middle of a sentence.
client-device = an application on your device
# The same, standing alone.
client-device-heading = An application on your device
cancel = Cancel and go back
