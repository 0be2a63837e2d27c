# The accounts that are signed in on this device.

picker-heading = Choose an account
picker-other = Use another account
