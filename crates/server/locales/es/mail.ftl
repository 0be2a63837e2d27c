# Mail with a code, and what is told about the account. Plain text. $account is a handle, $code a code such as abcde-23456,
# $page an address.

mail-change-email-subject = Cambiar tu correo
mail-change-email-text =
    Alguien quiere cambiar el correo de tu cuenta { $account }. Si eres tú, escribe este código donde te lo pidieron:
    
    { $code }
    
    Vale { $minutes } minutos.
    
    Si no eres tú, cambia tu contraseña: alguien ha iniciado sesión en tu nombre. No le des el código a nadie.
mail-confirm-email-subject = Confirma tu correo
mail-confirm-email-text =
    Para confirmar que esta es la dirección de tu cuenta { $account }, escribe este código donde te lo pidieron:
    
    { $code }
    
    Vale { $minutes } minutos.
    
    Si no tienes esa cuenta, alguien se equivocó al escribir su dirección: no tienes que hacer nada.
mail-delete-account-subject = Eliminar tu cuenta
mail-delete-account-text =
    Alguien quiere eliminar tu cuenta { $account }, con todo lo que contiene, para siempre. Si eres tú, escribe este código donde te lo pidieron:
    
    { $code }
    
    Vale { $minutes } minutos.
    
    Si no eres tú, cambia tu contraseña: alguien ha iniciado sesión en tu nombre. No le des el código a nadie.
mail-email-changed-subject = Tu correo ha cambiado
mail-email-changed-text =
    Tu cuenta { $account } tiene ahora otro correo. Este es el último mensaje a esta dirección.
    
    Si no fuiste tú, alguien ha iniciado sesión en tu nombre. Inicia sesión, compruébalo y pregunta a quien gestiona tu cuenta:
    
    { $page }
mail-password-changed-subject = Tu contraseña ha cambiado
mail-password-changed-text =
    La contraseña de tu cuenta { $account } acaba de cambiar, y se cerró la sesión en todos los dispositivos y aplicaciones.
    
    Si no fuiste tú, pon otra enseguida:
    
    { $page }
mail-reset-password-subject = Un código para una contraseña nueva
mail-reset-password-text =
    Alguien pidió una contraseña nueva para tu cuenta { $account }. Si fuiste tú, escribe este código:
    
    { $code }
    
    Vale { $minutes } minutos, aquí:
    
    { $page }
    
    Si no fuiste tú, no tienes que hacer nada: sin el código nada cambia. No se lo des a nadie.
mail-sign-in-subject = Tu código para iniciar sesión
mail-sign-in-text =
    Alguien está iniciando sesión en tu cuenta { $account } y conoce tu contraseña. Si eres tú, escribe este código:
    
    { $code }
    
    Vale { $minutes } minutos.
    
    Si no eres tú, cambia tu contraseña. No le des el código a nadie.
