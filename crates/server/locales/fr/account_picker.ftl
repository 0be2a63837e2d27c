# Les comptes connectés sur cet appareil.

picker-heading = Choisissez un compte
picker-other = Utiliser un autre compte
