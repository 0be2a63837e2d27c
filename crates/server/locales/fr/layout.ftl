# Ce que disent plusieurs pages.

client-device = une application sur votre appareil
client-device-heading = Une application sur votre appareil
cancel = Annuler et revenir
other-account = Utiliser un autre compte
other-account-hint = L’application a demandé { $account }. Pour utiliser un autre compte, retournez dans l’application et choisissez-le là-bas.
