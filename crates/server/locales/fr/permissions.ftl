# Ce que permet une autorisation, une phrase chacune, après « Si vous acceptez, elle pourra ».

permission-account-email-manage = voir et confirmer votre adresse e-mail
permission-account-email-read = voir votre adresse e-mail et si elle est confirmée
permission-account-repo-manage = remplacer tous vos enregistrements en important un dépôt
permission-account-repo-read = voir l’état de votre dépôt, comme tout le monde
permission-account-status-manage = voir si votre compte est actif ; vous seul pouvez changer cela
permission-account-status-read = voir si votre compte est actif, comme toute application

permission-atproto = savoir quel compte est le vôtre

permission-blob-any = téléverser des fichiers de tout type
permission-blob-kind = téléverser des fichiers des types { $kind }
permission-blob-type = téléverser des fichiers du type { $type }

permission-identity-any = disposer de toute votre identité : votre pseudo, vos clés et l’endroit où se trouve votre compte
permission-identity-handle = changer votre pseudo

permission-include = tout ce que contient l’ensemble d’autorisations { $set }
permission-include-service = tout ce que contient l’ensemble d’autorisations { $set }, auprès du service { $service }

permission-repo-any-create = créer des enregistrements dans toutes les collections
permission-repo-any-create-delete = créer et supprimer des enregistrements dans toutes les collections
permission-repo-any-create-update = créer et modifier des enregistrements dans toutes les collections
permission-repo-any-create-update-delete = créer, modifier et supprimer des enregistrements dans toutes les collections
permission-repo-any-delete = supprimer des enregistrements dans toutes les collections
permission-repo-any-update = modifier des enregistrements dans toutes les collections
permission-repo-any-update-delete = modifier et supprimer des enregistrements dans toutes les collections
permission-repo-create = créer des enregistrements { $collection }
permission-repo-create-delete = créer et supprimer des enregistrements { $collection }
permission-repo-create-update = créer et modifier des enregistrements { $collection }
permission-repo-create-update-delete = créer, modifier et supprimer des enregistrements { $collection }
permission-repo-delete = supprimer des enregistrements { $collection }
permission-repo-update = modifier des enregistrements { $collection }
permission-repo-update-delete = modifier et supprimer des enregistrements { $collection }

permission-rpc = appeler { $method } du service { $service } en votre nom
permission-rpc-any-method = appeler toutes les méthodes du service { $service } en votre nom
permission-rpc-any-service = appeler { $method } de n’importe quel service en votre nom

permission-transition-chat = lire et écrire vos messages privés, avec transition:generic
permission-transition-generic-rpc = appeler toutes les méthodes de tous les services en votre nom, sauf la messagerie ; vos préférences comprises

permission-chat = lire et écrire vos messages privés
permission-chat-idle = rien : l’autorisation de messagerie n’a d’effet qu’avec une plus large, qui n’a pas été demandée

warning-any-method = cela couvre tout ce que ce service peut faire pour vous, maintenant et plus tard.
warning-any-service = cela peut être envoyé à n’importe quel service, pas à un seul en particulier.
warning-chat = ce sont des conversations privées.
warning-far-reaching = cela va loin. N’acceptez que si vous faites confiance à l’application.
warning-generic = cela couvre presque tout ce que votre compte peut faire, comme un mot de passe d’application.
warning-identity = qui a cela peut s’emparer du compte, définitivement.
warning-repo = cela couvre aussi les enregistrements de toutes les autres applications : posts, likes, tout.
warning-repo-add = cela couvre aussi les collections de toutes les autres applications.
