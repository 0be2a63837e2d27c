# Second factors: the second step of a sign-in, the question before something that matters, and the page to look after them.

factor-heading-sign-in = One more step
factor-heading-step-up = Confirm that it is you
# $account is a handle.
factor-lead-sign-in = to sign in as { $account }
factor-lead-step-up = What you are about to do matters, so { $account } has to be proven once more.
factor-code = Code
factor-hint-totp = The six digits that your authenticator app shows.
factor-hint-totp-recovery = The six digits that your authenticator app shows, or one of your recovery codes.
factor-hint-recovery = One of your recovery codes.
factor-submit = Continue
factor-refused-passkey = This passkey is not one of this account, was removed, or took too long.
factor-refused-empty = Type a code.
factor-refused-empty-password = Type your password.
factor-refused-too-many =
    { $minutes ->
        [one] There were too many attempts. Try again in one minute.
       *[other] There were too many attempts. Try again in { $minutes } minutes.
    }
factor-refused-wrong = This code is not right, or it was used before. Wait for the next one.
factor-refused-wrong-password = This is not the password.

factors-heading = Second factors
factors-why = With a second factor, your password alone lets nobody in. You are asked for it when you sign in, and before you do something that matters.
factors-kind-email = Code by e-mail
factors-kind-passkey = Passkey
factors-kind-totp = Authenticator app
# Before a day, such as 2026-08-01.
factors-added = Added
factors-used = Last used
factors-remove = Remove
factors-passkey-hint = Your device, or a security key. It lets you sign in without a password too.
factors-passkey-add = Add a passkey
factors-totp-hint = An app on your phone shows six digits that change every half minute.
factors-totp-add = Add an authenticator app
factors-recovery = Recovery codes
factors-recovery-left =
    { $count ->
        [0] There are none left.
        [one] There is one left. Each is good once, when you have lost everything else.
       *[other] There are { $count } left. Each is good once, when you have lost everything else.
    }
factors-recovery-renew = Make new ones
factors-done-added = Added. From now on you are asked for it.
factors-done-removed = Removed.

totp-heading = Add an authenticator app
totp-scan = Scan this with your authenticator app.
# Describes a picture to those who cannot see it.
totp-picture = A QR code that holds the key below
totp-type = Or type this key into it:
totp-code-hint = The six digits that it shows then.
totp-submit = Add
totp-cancel = Back without adding it

recovery-heading = Your recovery codes
recovery-what = When you have lost your second factor, one of these signs you in, each of them once.
recovery-once = Write them down now. They are not shown again.
recovery-done = I have written them down

# Making a passkey, and using one.
passkey-heading = Add a passkey
passkey-what = Your device or your password manager keeps a passkey, and asks for your finger, face or PIN when you use it. It works on this site alone.
passkey-name = Name
passkey-name-hint = What you call it, so that you find it again here: “My phone”.
passkey-make = Make the passkey
passkey-refused = No passkey was made in time, or its answer was not right. Try again.
passkey-needs-script = Passkeys need JavaScript. Allow it for this page, or use another way.
# The browser, or the person, said no.
passkey-failed = That did not work, or was cancelled. Try again, or use another way.
passkey-use = Use a passkey
passkey-sign-in = Sign in with a passkey

# Codes by mail: made a factor, and asked for.
factor-heading-add-email = Codes by e-mail
factor-lead-add-email = We sent a code to the e-mail address of { $account }. Type it here, and such codes are asked for from now on.
factor-send = Send me a code by e-mail
factor-sent = A code is on its way to your e-mail address.
factor-hint-email = The code that we sent to your e-mail address.
factors-email-hint = Whoever signs in is sent a code to { $email }. Good as a fallback; an app or a passkey is safer, for whoever reads your mail has this too.
factors-email-add = Send codes by e-mail
