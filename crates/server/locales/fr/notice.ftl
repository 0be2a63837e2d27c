# Courrier. Texte brut.

notice-set-grew-subject = { $client } peut faire davantage dans votre compte
notice-set-grew-text =
    Les autorisations de l’application { $client }, qui peut agir pour votre compte { $account }, ont été étendues par leur éditeur. Désormais, elle peut aussi :
    
    { $added }
    
    Si cela vous convient, vous n’avez rien à faire. Pour voir tout ce qu’elle peut faire, ou pour lui retirer l’accès :
    
    { $page }
