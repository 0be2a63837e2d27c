# The page of app passwords, and the page that shows a new one.

app-passwords-heading = App passwords
app-passwords-why = For programs that cannot send you here to sign in. Each gets a password of its own, which you can take back without touching anything else. None of them can change your account or this page.
app-passwords-none = You have none.
# Before a day, such as 2026-08-01.
app-passwords-created = Made
app-passwords-expires = Ends
app-passwords-used = Last used
# In the place of that day.
app-passwords-never = never
# Before what the program calls itself.
app-passwords-client = by
# Before a network, such as 192.0.2.0/24.
app-passwords-network = from
app-passwords-revoke = Revoke
app-passwords-new = Make an app password
app-passwords-name = Name
app-passwords-name-hint = So that you recognise it here: the name of the program, for instance.
# Over the three choices.
app-passwords-kind = What it can do
app-passwords-normal = Everything but direct messages
app-passwords-normal-hint = Read and write your records, upload files, see your e-mail address, and call services in your name. No direct messages.
app-passwords-messages = Everything, direct messages too
app-passwords-messages-hint = Read and write your records and your direct messages, upload files, see your e-mail address, and call services in your name.
app-passwords-scoped = Only certain permissions
app-passwords-scoped-hint = Exactly what you write below. Whoever made the program knows what it needs.
app-passwords-scope = Permissions
# Before an example.
app-passwords-scope-hint = One or more, with spaces between them, such as
app-passwords-days = Ends after how many days
app-passwords-days-hint = Leave it empty to keep it until you revoke it.
app-passwords-make = Make it
# Why none was made.
app-passwords-refused-busy = A permission set could not be looked up just now. Nothing was made; try again in a moment.
app-passwords-refused-days = That is not a number of days from 1 to 3650.
app-passwords-refused-kind = Choose what it can do.
app-passwords-refused-name = A name has 1 to 64 characters.
app-passwords-refused-name-taken = You have an app password of this name already. Choose another name.
# $scope is one permission; $why says in English what is wrong with it.
app-passwords-refused-scope = The permission { $scope } cannot be given: { $why }.
app-passwords-refused-scopes = These permissions cannot be given: { $why }.
app-passwords-refused-scope-empty = Write down at least one permission.
app-passwords-refused-scope-unused = You wrote down permissions. Choose “Only certain permissions”, or empty the field.
app-passwords-refused-too-many = You have as many app passwords as there can be. Revoke one that you do not need.
# What was just done.
app-passwords-done-revoked = Revoked. Whatever was signed in with it is signed out.

app-password-made-heading = Your new app password
app-password-made-once = It is shown this once. If it gets lost, make another.
app-password-made-where = Put it where the program asks for your password. Never give it to a website that could send you here instead.
app-password-made-done = Done
