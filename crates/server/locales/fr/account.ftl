# La page où l’on voit quelles applications peuvent agir pour un compte.

account-heading = Votre compte
account-sign-in-for = pour voir quelles applications utilisent votre compte
account-apps = Applications
account-apps-none = Aucune application ne peut agir pour ce compte.
account-apps-hint = Elles peuvent agir pour votre compte tant que vous n’y mettez pas fin ici, ou que vous ne vous y déconnectez pas.
account-since = Acceptée le
account-used = Utilisée le
account-can = Ce qu’elle peut faire
account-can-besides = En plus
account-changes = Ce qui a changé depuis que vous l’avez acceptée
account-change-applied = en vigueur
account-change-approved = accepté par vous
account-change-held = en attente de votre accord
account-added = Elle peut maintenant aussi
account-added-held = Elle pourrait aussi
account-removed = Elle ne peut plus
account-held = Cette application s’est étendue et demande plus que ce que vous avez accepté :
account-held-approve = Accepter aussi cela
account-end = Retirer l’accès
account-others = Autres comptes sur cet appareil
account-sign-out = Se déconnecter sur cet appareil
account-done-approved = Accepté. L’application en disposera dès qu’elle renouvellera son accès.
account-done-changed = Rien n’a été accepté : ce qui attend votre accord a changé entre-temps. Regardez encore une fois.
account-done-ended = Accès retiré. L’application ne peut plus agir pour votre compte.
account-factors = Seconds facteurs : clés d’accès, codes, récupération
