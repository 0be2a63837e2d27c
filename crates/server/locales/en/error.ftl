# What was wrong, and what to do.

error-detail = For developers

error-bad-link-heading = This link does not work
error-bad-link-what = The application sent you here with a link that lacks something or has too much in it.
error-bad-link-do = Go back to the application and start again. If it happens again, its developers need to know.

error-busy-heading = Too many people at once
error-busy-what = There is no room for your sign-in at the moment. Nothing was changed.
error-busy-do = Wait a minute, then try again.

error-cross-site-heading = This did not come from our page
error-cross-site-what = Another site tried to open this page or send this form for you, so nothing was done.
error-cross-site-do = If you wanted to sign in, go back to the application and start again there.

error-expired-heading = This sign-in has ended
error-expired-what = It was finished already, or it was open for too long. Nothing more can be done with it.
error-expired-do = If you are not signed in yet, go back to the application and start again.

error-form-stale-heading = This form has gone stale
error-form-stale-what = It does not belong to this browser’s present session. Nothing was changed.
error-form-stale-do = Go back and start again. If it happens again, allow cookies for this site.

error-internal-heading = Something went wrong here
error-internal-what = The fault is ours, not yours. Nothing was changed.
error-internal-do = Try again in a moment.

error-not-a-page-heading = This page cannot be loaded again
error-not-a-page-what = It was the answer to a form, which is gone now. Loading it changed nothing.
error-not-a-page-do = Use your browser’s Back button, or go back to the application and start again.

error-other-device-heading = This sign-in belongs to another browser
error-other-device-what = It was opened elsewhere first, so it was stopped to be safe.
error-other-device-do = Go back to the application and start again, all in one browser.

error-passwords-elsewhere-heading = Passwords are not set here
error-passwords-elsewhere-what = The accounts of this server have their passwords elsewhere.
error-passwords-elsewhere-do = Ask whoever runs your account’s home.

error-too-many-heading = Too many requests
error-too-many-what = There were more requests from your network than we take at once.
error-too-many-do = Wait a few minutes, then try again.
