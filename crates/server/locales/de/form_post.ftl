# Die Seite, deren Formular die Antwort zur Anwendung bringt.

form-post-heading = Gleich geschafft
form-post-lead-host = Ihre Antwort geht an { $host }.
form-post-lead-device = Ihre Antwort geht an die Anwendung auf Ihrem Gerät.
form-post-lead-app = Ihre Antwort geht an die App „{ $scheme }“ auf Ihrem Gerät.
form-post-submit = Weiter
