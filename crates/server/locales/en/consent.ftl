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
# The same where the account approved this application before. $date is a day, such as 2026-08-01.
consent-new = New since { $date }: it can
# Over what was approved before, under the list of what is new.
consent-rest = As before, it can
# Under “If you approve, it can”, where everything was approved before.
consent-nothing-new = You approved all of this on { $date }.
consent-narrow = Untick what you do not want to allow.
# Beside a permission that was not asked for before, and one that was declined the last time.
consent-mark-new = New
consent-mark-declined = You declined this last time
# What a permission set holds; opens the list.
consent-set-parts =
    { $count ->
        [one] One permission in it
       *[other] { $count } permissions in it
    }
consent-set-empty = There is nothing in it at the moment.
# Headings over permissions that touch the same thing.
consent-touches-account = Your account
consent-touches-all = All applications
consent-touches-files = Files
# Before a sentence that says what is unusual about a permission.
consent-careful = Careful:
# $things is a list of the messages below, joined by cannot-join, and cannot-join-last before the last one.
cannot = It cannot { $things }.
cannot-delete = delete your account
cannot-email = see your e-mail address
cannot-identity = change your handle
cannot-join = {", "}
cannot-join-last = {", or "}
cannot-write-elsewhere = change records of other applications
consent-scopes = The exact scopes
# Where the browser goes after either button.
consent-next-host = Next, you go to { $host }.
consent-next-device = Next, you go back to the application on your device.
consent-next-app = Next, the app “{ $scheme }” opens on your device.
consent-password-stays = Your password stays here.
consent-approve = Approve
consent-deny = Deny
# Why the page is shown again.
consent-sets-changed = What the application asks for has changed while this page was open. Have another look.
consent-undecided = Choose one of the two buttons below.
