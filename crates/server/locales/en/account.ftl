# The page on which people see which applications may act for their account.

account-heading = Your account
account-sign-in-for = to see which applications use your account
account-apps = Applications
account-apps-none = No application may act for this account.
account-apps-hint = These may act for your account until you end it here, or sign out in them.
# Before a day, such as 2026-08-01.
account-since = Approved
account-used = Last used
# Opens a list of sentences such as “Create com.example.note records”.
account-can = What it can do
# Over what it can do beside its permission sets.
account-can-besides = Besides
# Opens the list of how the permission sets of an application changed.
account-changes = What changed since you approved it
# What became of a change, after its day and the name of the set.
account-change-applied = in effect
account-change-approved = approved by you
account-change-held = waiting for you
account-added = It can now also
# The same for what waits to be approved.
account-added-held = It would now also
account-removed = It can no longer
# Over what an application asks for on top, and the button under it.
account-held = This application has grown, and asks for more than you approved:
account-held-approve = Approve these too
account-end = End access
# Links to the other accounts that are signed in on this device.
account-others = Other accounts on this device
account-sign-out = Sign out on this device
# What was just done.
account-done-approved = Approved. The application has it as soon as it next renews its access.
account-done-changed = Nothing was approved: what waits for you has changed meanwhile. Have another look.
account-done-ended = Ended. The application may act for your account no longer.
# The links between the pages of an account, and what they are together.
account-nav = Pages of your account
account-nav-app-passwords = App passwords
account-nav-apps = Applications
account-nav-devices = Devices
account-nav-factors = Second factors
account-nav-security-log = Security log
