# What several pages say.

# The name of a client that is a program on the same device, in the middle of a sentence.
client-device = an application on your device
# The same, standing alone.
client-device-heading = An application on your device
cancel = Cancel and go back
# A button where the application asked for one account: ends the sign-in, and the application is told.
other-account = Use another account
# Beside that button. $account is the handle or DID that the application asked for.
other-account-hint = The application asked for { $account }. To use another account, go back to the application and choose it there.
