# La página cuyo formulario lleva la respuesta a la aplicación.

form-post-heading = Ya casi está
form-post-lead-host = Tu respuesta va a { $host }.
form-post-lead-device = Tu respuesta va a la aplicación de tu dispositivo.
form-post-lead-app = Tu respuesta va a la aplicación «{ $scheme }» de tu dispositivo.
form-post-submit = Continuar
