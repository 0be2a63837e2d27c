# A new password for whoever forgot theirs.

reset-heading = Définir un nouveau mot de passe
reset-lead = Indiquez votre pseudo ou votre adresse e-mail, et nous vous envoyons un code.
reset-refused-nobody = Saisissez votre pseudo ou votre adresse e-mail.
reset-send = M’envoyer un code
reset-have-code = J’ai déjà un code
# The second page.
reset-code-heading = Saisissez votre code
reset-code-lead = S’il existe un compte de ce nom, un code a été envoyé à son adresse e-mail. Il est valable un quart d’heure.
reset-code = Code
reset-code-hint = Dix lettres et chiffres du message. Les majuscules et le tiret n’ont pas d’importance.
reset-password = Nouveau mot de passe
reset-password-hint = Au moins huit caractères. Une phrase de quelques mots est facile à retenir et difficile à deviner.
reset-end-app-passwords = Mettre fin aussi à tous les mots de passe d’application
reset-end-hint = Cochez ceci si quelqu’un d’autre a pu entrer dans votre compte. Les programmes qui en utilisent un cesseront de fonctionner jusqu’à ce que vous leur en donniez un nouveau.
reset-submit = Définir le mot de passe
reset-another-code = M’envoyer un autre code
reset-refused-empty = Saisissez le code du message.
reset-refused-expired = Ce code a expiré. Demandez-en un autre.
reset-refused-unfit = Un mot de passe a de 8 à 256 caractères.
reset-refused-wrong = Le code est incorrect ou a déjà servi. Regardez le message le plus récent ou demandez un autre code.
# The third.
reset-done-heading = Votre mot de passe est nouveau
reset-done-lead = Toutes les applications et tous les appareils ont été déconnectés.
reset-done-what = Reconnectez-vous avec le nouveau mot de passe partout où vous utilisez votre compte. Si une de nos pages est restée ouverte, vous pouvez y continuer.
