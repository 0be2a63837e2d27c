# The form for a new account.

sign-up-heading = Create an account
sign-up-for = to continue to { $client }
sign-up-for-device = to continue to an application on your device
sign-up-handle = Handle
# $example is a whole handle that begins with "alice".
sign-up-handle-hint = One word of letters, digits and hyphens. With “alice” you are { $example }.
sign-up-email = E-mail address
sign-up-password = Password
sign-up-password-hint = At least 8 characters. A sentence of a few words is easy to remember and hard to guess.
sign-up-invite = Invite code
sign-up-submit = Create account
sign-up-sign-in = I have an account
# A link on the sign-in form.
sign-up-link = Create an account
# Why no account was made: above the form, then beside its fields.
sign-up-refused = Something is not right yet. See below, and enter your password once more.
sign-up-refused-handle = This cannot be a handle here. Use at least three letters, digits or hyphens.
sign-up-refused-handle-taken = This handle is taken. Choose another.
sign-up-refused-email = Enter an e-mail address, such as name@example.com.
sign-up-refused-email-taken = This address has an account here. Sign in, or use another address.
sign-up-refused-password = A password has 8 to 256 characters.
sign-up-refused-invite = This code is not right, or was used already.
sign-up-refused-failed = The account could not be made. Try again in a moment.
