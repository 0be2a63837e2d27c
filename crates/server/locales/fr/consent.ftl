# Ce qu’une application aurait le droit de faire, et les deux boutons.

consent-heading = { $client } demande à utiliser votre compte
consent-heading-device = Une application sur votre appareil demande à utiliser votre compte
consent-client = Application
consent-account = Compte
consent-client-check = Continuez seulement si vous connaissez cette adresse.
consent-client-check-device = Continuez seulement si vous venez de la lancer vous-même.
consent-picker = Utiliser un autre compte
consent-permissions = Si vous acceptez, elle pourra
consent-new = Nouveau depuis le { $date } : elle pourra
consent-rest = Comme avant, elle pourra
consent-nothing-new = Vous avez déjà tout accepté le { $date }.
consent-narrow = Décochez ce que vous ne voulez pas autoriser.
consent-mark-new = Nouveau
consent-mark-declined = Vous l’aviez refusé la dernière fois
consent-set-parts =
    { $count ->
        [one] Une autorisation dedans
       *[other] { $count } autorisations dedans
    }
consent-set-empty = Il n’y a rien dedans pour le moment.
consent-touches-account = Votre compte
consent-touches-all = Toutes les applications
consent-touches-files = Fichiers
consent-careful = Attention :
cannot = Elle ne pourra pas : { $things }.
cannot-delete = supprimer votre compte
cannot-email = voir votre adresse e-mail
cannot-identity = changer votre pseudo
cannot-join = {", "}
cannot-join-last = {", "}
cannot-write-elsewhere = modifier les enregistrements d’autres applications
consent-scopes = Les scopes exacts
consent-next-host = Ensuite, vous irez sur { $host }.
consent-next-device = Ensuite, vous reviendrez à l’application sur votre appareil.
consent-next-app = Ensuite, l’application « { $scheme } » s’ouvrira sur votre appareil.
consent-password-stays = Votre mot de passe reste ici.
consent-approve = Accepter
consent-deny = Refuser
consent-sets-changed = Ce que demande l’application a changé pendant que cette page était ouverte. Regardez-la encore une fois.
consent-undecided = Choisissez l’un des deux boutons ci-dessous.
