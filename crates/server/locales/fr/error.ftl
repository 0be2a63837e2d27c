# Ce qui n’allait pas, et que faire.

error-detail = Pour les développeurs

error-bad-link-heading = Ce lien ne fonctionne pas
error-bad-link-what = L’application vous a envoyé ici avec un lien où il manque quelque chose, ou qui contient quelque chose de trop.
error-bad-link-do = Retournez dans l’application et recommencez. Si cela se reproduit, prévenez ses développeurs.

error-busy-heading = Trop de monde à la fois
error-busy-what = Il n’y a pas de place pour votre connexion en ce moment. Rien n’a été modifié.
error-busy-do = Attendez une minute, puis réessayez.

error-cross-site-heading = Cela ne venait pas de notre page
error-cross-site-what = Un autre site a tenté d’ouvrir cette page ou d’envoyer ce formulaire à votre place. Rien n’a été fait.
error-cross-site-do = Si vous vouliez vous connecter, retournez dans l’application et recommencez là-bas.

error-expired-heading = Cette connexion est terminée
error-expired-what = Elle était déjà achevée, ou elle est restée ouverte trop longtemps. On ne peut plus rien en faire.
error-expired-do = Si vous n’êtes pas encore connecté, retournez dans l’application et recommencez.

error-form-stale-heading = Ce formulaire n’est plus valable
error-form-stale-what = Il n’appartient pas à la session actuelle de ce navigateur. Rien n’a été modifié.
error-form-stale-do = Revenez en arrière et recommencez. Si cela se reproduit, autorisez les cookies pour ce site.

error-internal-heading = Quelque chose s’est mal passé ici
error-internal-what = La faute est de notre côté, pas du vôtre. Rien n’a été modifié.
error-internal-do = Réessayez dans un instant.

error-not-a-page-heading = Cette page ne peut pas être rechargée
error-not-a-page-what = C’était la réponse à un formulaire qui n’existe plus. La recharger n’a rien changé.
error-not-a-page-do = Utilisez le bouton Précédent de votre navigateur, ou retournez dans l’application et recommencez.

error-other-device-heading = Cette connexion appartient à un autre navigateur
error-other-device-what = Elle a d’abord été ouverte ailleurs ; par sécurité, elle a été arrêtée.
error-other-device-do = Retournez dans l’application et recommencez, le tout dans un seul navigateur.

error-passwords-elsewhere-heading = Les mots de passe ne se définissent pas ici
error-passwords-elsewhere-what = Les comptes de ce serveur ont leurs mots de passe ailleurs.
error-passwords-elsewhere-do = Demandez à qui héberge votre compte.

error-too-many-heading = Trop de requêtes
error-too-many-what = Votre réseau a envoyé plus de requêtes que nous n’en acceptons à la fois.
error-too-many-do = Attendez quelques minutes, puis réessayez.
