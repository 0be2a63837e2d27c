# What a client would be allowed to do, and the two buttons.

# $client is the address of the application that asks.
consent-heading = { $client } asks to use your account
consent-heading-device = An application on your device asks to use your account
consent-client = Application
consent-account = Account
# Under the address of a client that nobody vouches for.
consent-client-check = Go on only if you know this address.
# Under the name of a program on the same device.
consent-client-check-device = Go on only if you have just started this yourself.
consent-picker = Use another account
# Over a list of sentences such as “Create com.example.note records”.
consent-permissions = If you approve, it can
consent-narrow = Untick what you do not want to allow.
# Before a sentence that says what is unusual about a permission.
consent-careful = Careful:
consent-scopes = The exact scopes
# Where the browser goes after either button.
consent-next-host = Next, you go to { $host }.
consent-next-device = Next, you go back to the application on your device.
consent-next-app = Next, the app “{ $scheme }” opens on your device.
consent-password-stays = Your password stays here.
consent-approve = Approve
consent-deny = Deny
consent-undecided = Choose one of the two buttons below.
