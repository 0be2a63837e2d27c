# Mail with a code, and what is told about the account. Plain text. $account is a handle, $code a code such as abcde-23456,
# $page an address.

mail-change-email-subject = Change your e-mail address
mail-change-email-text =
    Somebody wants to change the e-mail address of your account { $account }. If it is you, type this code where you were asked for it:
    
    { $code }
    
    It is good for { $minutes } minutes.
    
    If it is not you, change your password: somebody is signed in as you. Give the code to nobody.
mail-confirm-email-subject = Confirm your e-mail address
mail-confirm-email-text =
    To confirm that this is the address of your account { $account }, type this code where you were asked for it:
    
    { $code }
    
    It is good for { $minutes } minutes.
    
    If you have no such account, somebody mistyped their address: you need not do anything.
mail-delete-account-subject = Delete your account
mail-delete-account-text =
    Somebody wants to delete your account { $account }, with everything in it, for ever. If it is you, type this code where you were asked for it:
    
    { $code }
    
    It is good for { $minutes } minutes.
    
    If it is not you, change your password: somebody is signed in as you. Give the code to nobody.
mail-email-changed-subject = Your e-mail address was changed
mail-email-changed-text =
    Your account { $account } has another e-mail address now. This is the last message to this one.
    
    If that was not you, somebody is signed in as you. Sign in and look, and ask whoever runs your account’s home:
    
    { $page }
mail-password-changed-subject = Your password was changed
mail-password-changed-text =
    The password of your account { $account } was just changed, and every device and application was signed out.
    
    If it was not you, set another one at once:
    
    { $page }
mail-reset-password-subject = A code for a new password
mail-reset-password-text =
    Somebody asked for a new password for your account { $account }. If it was you, type this code:
    
    { $code }
    
    It is good for { $minutes } minutes, here:
    
    { $page }
    
    If it was not you, you need not do anything: without the code nothing changes. Give it to nobody.
mail-sign-in-subject = Your sign-in code
mail-sign-in-text =
    Somebody is signing in to your account { $account } and knows your password. If it is you, type this code:
    
    { $code }
    
    It is good for { $minutes } minutes.
    
    If it is not you, change your password. Give the code to nobody.
