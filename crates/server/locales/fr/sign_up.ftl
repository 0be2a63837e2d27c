# Le formulaire pour un nouveau compte.

sign-up-heading = Créer un compte
sign-up-for = pour continuer vers { $client }
sign-up-for-device = pour continuer vers une application sur votre appareil
sign-up-handle = Pseudo
sign-up-handle-hint = Un mot de lettres, de chiffres et de traits d’union. Avec « alice », vous êtes { $example }.
sign-up-email = Adresse e-mail
sign-up-password = Mot de passe
sign-up-password-hint = Au moins 8 caractères. Une phrase de quelques mots est facile à retenir et difficile à deviner.
sign-up-invite = Code d’invitation
sign-up-submit = Créer le compte
sign-up-sign-in = J’ai un compte
sign-up-link = Créer un compte

sign-up-refused = Quelque chose ne va pas encore. Regardez ci-dessous, et saisissez votre mot de passe encore une fois.
sign-up-refused-handle = Ce ne peut pas être un pseudo ici. Prenez au moins trois lettres, chiffres ou traits d’union.
sign-up-refused-handle-taken = Ce pseudo est pris. Choisissez-en un autre.
sign-up-refused-email = Saisissez une adresse e-mail, comme nom@example.com.
sign-up-refused-email-taken = Cette adresse a déjà un compte ici. Connectez-vous, ou prenez une autre adresse.
sign-up-refused-password = Un mot de passe a de 8 à 256 caractères.
sign-up-refused-invite = Ce code est incorrect, ou a déjà servi.
sign-up-refused-failed = Le compte n’a pas pu être créé. Réessayez dans un instant.
