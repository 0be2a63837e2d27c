factor-heading-sign-in = Encore une étape
factor-heading-step-up = Confirmez que c’est bien vous
factor-lead-sign-in = pour vous connecter en tant que { $account }
factor-lead-step-up = Ce que vous allez faire est important : { $account } doit donc être prouvé encore une fois.
factor-code = Code
factor-hint-totp = Les six chiffres qu’affiche votre application d’authentification.
factor-hint-totp-recovery = Les six chiffres qu’affiche votre application d’authentification, ou l’un de vos codes de récupération.
factor-hint-recovery = L’un de vos codes de récupération.
factor-submit = Continuer
factor-refused-passkey = Cette clé n’est pas de ce compte, a été supprimée, ou cela a pris trop de temps.
factor-refused-empty = Saisissez un code.
factor-refused-empty-password = Saisissez votre mot de passe.
factor-refused-too-many =
    { $minutes ->
        [one] Il y a eu trop de tentatives. Réessayez dans une minute.
       *[other] Il y a eu trop de tentatives. Réessayez dans { $minutes } minutes.
    }
factor-refused-wrong = Ce code n’est pas le bon, ou il a déjà servi. Attendez le suivant.
factor-refused-wrong-password = Ce n’est pas le mot de passe.

factors-heading = Seconds facteurs
factors-why = Avec un second facteur, votre mot de passe seul ne laisse entrer personne. Il vous est demandé quand vous vous connectez, et avant de faire quelque chose d’important.
factors-kind-email = Code par e-mail
factors-kind-passkey = Clé d’accès
factors-kind-totp = Application d’authentification
factors-added = Ajouté
factors-used = Dernière utilisation
factors-remove = Retirer
factors-passkey-hint = Votre appareil ou une clé de sécurité. Elle vous permet aussi de vous connecter sans mot de passe.
factors-passkey-add = Ajouter une clé d’accès
factors-totp-hint = Une application de votre téléphone affiche six chiffres qui changent toutes les demi-minutes.
factors-totp-add = Ajouter une application d’authentification
factors-recovery = Codes de récupération
factors-recovery-left =
    { $count ->
        [0] Il n’en reste aucun.
        [one] Il en reste un. Chacun sert une fois, quand vous avez perdu tout le reste.
       *[other] Il en reste { $count }. Chacun sert une fois, quand vous avez perdu tout le reste.
    }
factors-recovery-renew = En créer de nouveaux
factors-done-added = Ajouté. Il vous sera désormais demandé.
factors-done-removed = Retiré.

totp-heading = Ajouter une application d’authentification
totp-scan = Scannez ceci avec votre application d’authentification.
totp-picture = Un code QR qui contient la clé ci-dessous
totp-type = Ou saisissez-y cette clé :
totp-code-hint = Les six chiffres qu’elle affiche alors.
totp-submit = Ajouter
totp-cancel = Retour sans l’ajouter

recovery-heading = Vos codes de récupération
recovery-what = Quand vous avez perdu votre second facteur, l’un de ces codes vous connecte, chacun une fois.
recovery-once = Notez-les maintenant. Ils ne seront plus affichés.
recovery-done = Je les ai notés

# Making a passkey, and using one.
passkey-heading = Ajouter une clé d’accès
passkey-what = Votre appareil ou votre gestionnaire de mots de passe garde la clé d’accès et vous demande votre doigt, votre visage ou un code quand vous l’utilisez. Elle ne sert que sur ce site.
passkey-name = Nom
passkey-name-hint = Comment vous l’appelez, pour la retrouver ici : « Mon téléphone ».
passkey-make = Créer la clé d’accès
passkey-refused = Aucune clé n’a été créée à temps, ou sa réponse n’était pas bonne. Réessayez.
passkey-needs-script = Les clés d’accès ont besoin de JavaScript. Autorisez-le pour cette page ou utilisez un autre moyen.
# The browser, or the person, said no.
passkey-failed = Cela n’a pas marché, ou a été annulé. Réessayez ou utilisez un autre moyen.
passkey-use = Utiliser une clé d’accès
passkey-sign-in = Se connecter avec une clé d’accès

factor-heading-add-email = Codes par e-mail
factor-lead-add-email = Nous avons envoyé un code à l’adresse e-mail de { $account }. Saisissez-le ici, et de tels codes seront désormais demandés.
factor-send = M’envoyer un code par e-mail
factor-sent = Un code est en route vers votre adresse e-mail.
factor-hint-email = Le code que nous avons envoyé à votre adresse e-mail.
factors-email-hint = Un code est envoyé à { $email } à chaque connexion. Utile en secours ; une application ou une clé d’accès est plus sûre, car qui lit votre courrier a aussi cela.
factors-email-add = Envoyer des codes par e-mail
