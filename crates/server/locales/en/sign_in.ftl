# The sign-in form.

sign-in-heading = Sign in
# Under the heading. $client is the address of the application that asks.
sign-in-for = to continue to { $client }
sign-in-for-device = to continue to an application on your device
sign-in-identifier = Handle or e-mail address
sign-in-password = Password
sign-in-remember = Remember me on this device
sign-in-remember-hint = For seven days. Leave it off on a device that others use.
sign-in-submit = Sign in
# A link to the page for a new password.
sign-in-forgot = Forgot your password?
# A link to the accounts that are signed in on this device.
sign-in-picker = Choose an account that is signed in here
sign-in-password-stays = Your password stays here: { $client } never sees it.
sign-in-password-stays-device = Your password stays here: the application never sees it.

# Why the last attempt failed.
sign-in-refused-empty = Enter your handle or e-mail address, and your password.
# $account is the handle or DID that the application asked for.
sign-in-refused-other-account = This is another account than the application asked for. Sign in as { $account }, or go back and choose another account there.
sign-in-refused-too-many =
    { $minutes ->
        [one] Too many attempts. Try again in one minute.
       *[other] Too many attempts. Try again in { $minutes } minutes.
    }
sign-in-refused-wrong = The handle or password is not right. App passwords do not work here: use the password of the account.
sign-in-refused-over = That took too long, or there were too many wrong codes. Sign in again.
sign-in-refused-passkey = No account here has this passkey, or it took too long. Try again, or sign in with your password.
