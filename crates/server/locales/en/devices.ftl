# The page of the browsers and programs that are signed in.

devices-heading = Where you are signed in
devices-browsers = Browsers
devices-browsers-hint = Whoever uses one of these can approve applications in your name. Applications that are approved already go on; they have their own page.
# $browser is such as Firefox, $system such as Windows.
devices-browser-system = { $browser } on { $system }
devices-browser = { $browser }
devices-system = A browser on { $system }
devices-unknown = A browser
# Beside the browser that shows the page.
devices-this = This one
# Before a time.
devices-signed-in = Signed in
devices-first = First seen
devices-last = Last seen
devices-place = From the network
devices-once = Not remembered: you are asked for your password again soon.
devices-sign-out = Sign out there
devices-sign-out-others = Sign out on all others
devices-sessions = Programs with a password
devices-sessions-none = No program is signed in with a password.
devices-sessions-hint = These signed in with a password instead of coming here.
# How a program signed in. $name is what the owner calls the app password.
devices-with-app-password = With the app password { $name }
devices-with-password = With your password
devices-used = Last renewed
devices-end = End it
# What was just done.
devices-done-ended = Ended. The program is signed out.
devices-done-signed-out = Signed out there.
devices-done-signed-out-others = Signed out on all devices but this one.
