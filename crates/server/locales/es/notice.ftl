# Correo. Texto sin formato.

notice-set-grew-subject = { $client } puede hacer más cosas en tu cuenta
notice-set-grew-text =
    Quien publica los permisos de la aplicación { $client }, que puede actuar en nombre de tu cuenta { $account }, los ha ampliado. A partir de ahora también puede:
    
    { $added }
    
    Si estás de acuerdo, no tienes que hacer nada. Para ver todo lo que puede hacer, o para retirarle el acceso:
    
    { $page }
