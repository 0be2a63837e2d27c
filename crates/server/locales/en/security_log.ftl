# The page of what happened to an account.

security-log-heading = Security log
security-log-hint = What happened to your account in the last half year. If something here was not you, choose a new password and end whatever you do not know.
security-log-none = Nothing has been noted yet.
security-log-download = Download everything as JSON
security-log-more = Older entries are in the download.
# Before a time; before a browser, a program or the address of an application; before a network such as 192.0.2.0/24.
security-log-at = When
security-log-through = With
security-log-place = From the network
security-log-client = { $client }
# What happened. $subject is the name of an app password, or the `include:` of a permission set.
security-log-app-password-created = App password made: { $subject }
security-log-app-password-used = Signed in with the app password { $subject }
security-log-email-changed = E-mail address changed
security-log-factor-added = Second factor added
security-log-factor-removed = Second factor removed
security-log-factor-wrong = Right password, but a wrong second factor
security-log-grant = An application was given access
security-log-new-network = Access was renewed from a network not seen before
security-log-password-changed = Password changed
security-log-password-session = A program signed in with your password
security-log-scope-refused = An application was refused what you did not allow
security-log-set-changed = What { $subject } gives to an application changed
security-log-sign-in = Signed in in a browser
