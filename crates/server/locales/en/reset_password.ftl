# A new password for whoever forgot theirs.

reset-heading = Set a new password
reset-lead = If you know your handle or e-mail address, we send you a code.
reset-refused-nobody = Enter your handle or e-mail address.
reset-send = Send me a code
reset-have-code = I have a code already
# The second page.
reset-code-heading = Enter your code
reset-code-lead = If there is an account of that name, a code was sent to its e-mail address. It is good for a quarter of an hour.
reset-code = Code
reset-code-hint = Ten letters and digits from the message. Capitals and the dash make no difference.
reset-password = New password
reset-password-hint = At least eight characters. A sentence of a few words is easy to remember and hard to guess.
reset-end-app-passwords = Also end all app passwords
reset-end-hint = Tick this if somebody else may have been in your account. Programs that use one then stop working until you give them a new one.
reset-submit = Set the password
reset-another-code = Send me another code
reset-refused-empty = Type the code from the message.
reset-refused-expired = This code has expired. Ask for another one.
reset-refused-unfit = A password has 8 to 256 characters.
reset-refused-wrong = The code is not right, or was used already. Look at the newest message, or ask for another code.
# The third.
reset-done-heading = Your password is new
reset-done-lead = Every application and every device was signed out.
reset-done-what = Sign in again with the new password wherever you use your account. If another page of ours is still open from before, you can go on there.
