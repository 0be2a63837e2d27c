# La page de ce qui est arrivé à un compte.

security-log-heading = Journal de sécurité
security-log-hint = Ce qui est arrivé à votre compte ces six derniers mois. Si quelque chose ici ne vient pas de vous, choisissez un nouveau mot de passe et mettez fin à tout ce que vous ne connaissez pas.
security-log-none = Rien n’a encore été noté.
security-log-download = Tout télécharger en JSON
security-log-more = Les entrées plus anciennes sont dans le téléchargement.
security-log-at = Quand
security-log-through = Avec
security-log-place = Depuis le réseau
security-log-client = { $client }
security-log-app-password-created = Mot de passe d’application créé : { $subject }
security-log-app-password-used = Connexion avec le mot de passe d’application { $subject }
security-log-email-changed = Adresse e-mail modifiée
security-log-factor-added = Second facteur ajouté
security-log-factor-removed = Second facteur supprimé
security-log-factor-wrong = Bon mot de passe, mais mauvais second facteur
security-log-grant = Une application a reçu un accès
security-log-new-network = L’accès a été renouvelé depuis un réseau jamais vu
security-log-password-changed = Mot de passe modifié
security-log-password-session = Un programme s’est connecté avec votre mot de passe
security-log-scope-refused = Une application s’est vu refuser ce que vous n’avez pas permis
security-log-set-changed = Ce que { $subject } donne à une application a changé
security-log-sign-in = Connexion dans un navigateur
