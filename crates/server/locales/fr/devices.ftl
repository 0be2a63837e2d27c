# La page des navigateurs et des programmes connectés.

devices-heading = Où vous êtes connecté
devices-browsers = Navigateurs
devices-browsers-hint = Qui se sert de l’un d’eux peut accepter des applications en votre nom. Les applications déjà acceptées continuent ; elles ont leur propre page.
devices-browser-system = { $browser } sur { $system }
devices-browser = { $browser }
devices-system = Un navigateur sur { $system }
devices-unknown = Un navigateur
devices-this = Celui-ci
devices-signed-in = Connecté le
devices-first = Vu d’abord le
devices-last = Vu en dernier le
devices-place = Depuis le réseau
devices-once = Non mémorisé : votre mot de passe vous sera bientôt redemandé.
devices-sign-out = S’y déconnecter
devices-sign-out-others = Se déconnecter sur tous les autres
devices-sessions = Programmes avec mot de passe
devices-sessions-none = Aucun programme n’est connecté avec un mot de passe.
devices-sessions-hint = Ceux-ci se sont connectés avec un mot de passe au lieu de venir ici.
devices-with-app-password = Avec le mot de passe d’application { $name }
devices-with-password = Avec votre mot de passe
devices-used = Renouvelé le
devices-end = Y mettre fin
devices-done-ended = Terminé. Le programme est déconnecté.
devices-done-signed-out = Déconnecté là-bas.
devices-done-signed-out-others = Déconnecté sur tous les appareils sauf celui-ci.
