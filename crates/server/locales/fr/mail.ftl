# Mail with a code, and what is told about the account. Plain text. $account is a handle, $code a code such as abcde-23456,
# $page an address.

mail-change-email-subject = Changer votre adresse e-mail
mail-change-email-text =
    Quelqu’un veut changer l’adresse e-mail de votre compte { $account }. Si c’est vous, saisissez ce code là où il vous a été demandé :
    
    { $code }
    
    Il est valable { $minutes } minutes.
    
    Si ce n’est pas vous, changez votre mot de passe : quelqu’un est connecté à votre place. Ne donnez le code à personne.
mail-confirm-email-subject = Confirmez votre adresse e-mail
mail-confirm-email-text =
    Pour confirmer que c’est bien l’adresse de votre compte { $account }, saisissez ce code là où il vous a été demandé :
    
    { $code }
    
    Il est valable { $minutes } minutes.
    
    Si vous n’avez pas ce compte, quelqu’un s’est trompé d’adresse : vous n’avez rien à faire.
mail-delete-account-subject = Supprimer votre compte
mail-delete-account-text =
    Quelqu’un veut supprimer votre compte { $account }, avec tout ce qu’il contient, pour toujours. Si c’est vous, saisissez ce code là où il vous a été demandé :
    
    { $code }
    
    Il est valable { $minutes } minutes.
    
    Si ce n’est pas vous, changez votre mot de passe : quelqu’un est connecté à votre place. Ne donnez le code à personne.
mail-email-changed-subject = Votre adresse e-mail a changé
mail-email-changed-text =
    Votre compte { $account } a maintenant une autre adresse e-mail. Ceci est le dernier message à cette adresse.
    
    Si ce n’est pas vous, quelqu’un est connecté à votre place. Connectez-vous pour vérifier, et demandez à qui héberge votre compte :
    
    { $page }
mail-password-changed-subject = Votre mot de passe a changé
mail-password-changed-text =
    Le mot de passe de votre compte { $account } vient de changer, et tous les appareils et applications ont été déconnectés.
    
    Si ce n’est pas vous, définissez-en un autre tout de suite :
    
    { $page }
mail-reset-password-subject = Un code pour un nouveau mot de passe
mail-reset-password-text =
    Quelqu’un a demandé un nouveau mot de passe pour votre compte { $account }. Si c’est vous, saisissez ce code :
    
    { $code }
    
    Il est valable { $minutes } minutes, ici :
    
    { $page }
    
    Si ce n’est pas vous, vous n’avez rien à faire : sans le code, rien ne change. Ne le donnez à personne.
mail-sign-in-subject = Votre code de connexion
mail-sign-in-text =
    Quelqu’un se connecte à votre compte { $account } et connaît votre mot de passe. Si c’est vous, saisissez ce code :
    
    { $code }
    
    Il est valable { $minutes } minutes.
    
    Si ce n’est pas vous, changez votre mot de passe. Ne donnez le code à personne.
