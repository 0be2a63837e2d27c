# La page dont le formulaire porte la réponse à l’application.

form-post-heading = C’est presque fini
form-post-lead-host = Votre réponse part vers { $host }.
form-post-lead-device = Votre réponse part vers l’application sur votre appareil.
form-post-lead-app = Votre réponse part vers l’application « { $scheme } » sur votre appareil.
form-post-submit = Continuer
