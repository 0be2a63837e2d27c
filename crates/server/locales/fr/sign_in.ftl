# Le formulaire de connexion.

sign-in-heading = Se connecter
sign-in-for = pour continuer vers { $client }
sign-in-for-device = pour continuer vers une application sur votre appareil
sign-in-identifier = Pseudo ou adresse e-mail
sign-in-password = Mot de passe
sign-in-remember = Rester connecté sur cet appareil
sign-in-remember-hint = Pendant sept jours. Ne cochez pas sur un appareil que d’autres utilisent.
sign-in-submit = Se connecter
# A link to the page for a new password.
sign-in-forgot = Mot de passe oublié ?
sign-in-picker = Choisir un compte connecté ici
sign-in-password-stays = Votre mot de passe reste ici : { $client } ne le voit jamais.
sign-in-password-stays-device = Votre mot de passe reste ici : l’application ne le voit jamais.

sign-in-refused-empty = Saisissez votre pseudo ou votre adresse e-mail, et votre mot de passe.
sign-in-refused-other-account = L’application a demandé un autre compte que celui-ci. Connectez-vous en tant que { $account }, ou retournez dans l’application pour en choisir un autre.
sign-in-refused-too-many =
    { $minutes ->
        [one] Trop de tentatives. Réessayez dans une minute.
       *[other] Trop de tentatives. Réessayez dans { $minutes } minutes.
    }
sign-in-refused-wrong = Le pseudo ou le mot de passe est incorrect. Les mots de passe d’application ne fonctionnent pas ici : utilisez celui du compte.
sign-in-refused-over = Cela a pris trop de temps, ou il y a eu trop de codes erronés. Connectez-vous à nouveau.
sign-in-refused-passkey = Aucun compte ici n’a cette clé, ou cela a pris trop de temps. Réessayez ou connectez-vous avec votre mot de passe.
