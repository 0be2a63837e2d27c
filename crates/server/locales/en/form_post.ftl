# The page whose one form carries the answer to the client.

form-post-heading = Almost there
form-post-lead-host = Your answer goes to { $host }.
form-post-lead-device = Your answer goes to the application on your device.
form-post-lead-app = Your answer goes to the app “{ $scheme }” on your device.
form-post-submit = Continue
